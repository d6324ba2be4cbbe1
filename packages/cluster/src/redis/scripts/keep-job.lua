-- Notes again that a job runs, unless another server has taken it over. KEYS: job, the jobs of the server, the job's topic.
-- ARGV: the topic's name, the client, the server, a bound.
local job, jobs = KEYS[1], KEYS[2]
local topic, owner, server, ttl = unpack(ARGV)
local where = redis.call('HGET', job, 'server')
if where and where ~= server then return 0 end
-- Its topic is there, but the job is not: somebody has told that it failed.
if not where and redis.call('EXISTS', KEYS[3]) == 1 then return 0 end
redis.call('HSET', job, 'server', server, 'owner', owner)
redis.call('PEXPIRE', job, ttl)
redis.call('SADD', jobs, topic)
redis.call('PEXPIRE', jobs, ttl)
return 1
