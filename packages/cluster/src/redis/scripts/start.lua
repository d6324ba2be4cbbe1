-- Notes that a job runs, once. KEYS: client, job, the jobs of the server. ARGV: the job's topic, its epoch, the request's
-- id, its body, the client, the server, two bounds, the prefix of all keys, the lease in ms.
local client, job, jobs = KEYS[1], KEYS[2], KEYS[3]
local topic, epoch, id, body, owner, server, ttl, most, prefix, lease = unpack(ARGV)
local answer = answerTo(client, id, body)
if answer then return answer end
noted(prefix, server, lease, ttl)
remember(client, id, body, topic, epoch, 0, tonumber(most), ttl)
call('DEL', job)
call('HSET', job, 'server', server, 'owner', owner)
call('PEXPIRE', job, ttl)
call('SADD', jobs, topic)
call('PEXPIRE', jobs, ttl)
return { 'added', topic, epoch, 0 }
