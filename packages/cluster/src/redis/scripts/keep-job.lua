-- Notes again that a job runs, unless another server has taken it over. KEYS: job, the jobs of the server, the job's topic.
-- ARGV: the topic's name, the client, the server, a bound, the rank of an outcome.
local job, jobs = KEYS[1], KEYS[2]
local topic, owner, server, ttl, outcome = unpack(ARGV)
local where = call('HGET', job, 'server')
if where and where ~= server then return 0 end
-- Another server has published that it failed. The topic alone proves nothing: a follower of the job creates it again.
if not where and call('HGET', KEYS[3], 'rank') == outcome then return 0 end
call('HSET', job, 'server', server, 'owner', owner)
call('PEXPIRE', job, ttl)
call('SADD', jobs, topic)
call('PEXPIRE', jobs, ttl)
return 1
