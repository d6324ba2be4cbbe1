-- Notes that a job has ended. KEYS: job. ARGV: the prefix of all keys, the topic's name.
local server = call('HGET', KEYS[1], 'server')
call('DEL', KEYS[1])
if server then call('SREM', ARGV[1] .. 'jobs:' .. server, ARGV[2]) end
return 1
