-- Tells the server of a job that it is cancelled. KEYS: job. ARGV: the prefix of all keys, the topic's name, the client.
local job = call('HMGET', KEYS[1], 'server', 'owner')
if not job[1] then return 'not_found' end
if job[2] ~= ARGV[3] then return 'forbidden' end
call('HSET', KEYS[1], 'cancelled', '1')
redis.call('PUBLISH', ARGV[1] .. 'server:' .. job[1], 'cancelled ' .. ARGV[2])
return 'cancelled'
