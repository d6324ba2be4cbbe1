-- Appends an event once. KEYS: topic, stream, client. ARGV: the topic's name, a new epoch, the rank or nothing, its life
-- or nothing, the event, the request's id or nothing, its body, and four bounds.
local topic, stream, client = KEYS[1], KEYS[2], KEYS[3]
local name, fresh, rank, ranked, event, id, body = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5], ARGV[6], ARGV[7]
local ttl, most, entries, bytes = ARGV[8], tonumber(ARGV[9]), tonumber(ARGV[10]), tonumber(ARGV[11])

if ranked ~= '' and ranked ~= life() then return { 'stale', name, '', 0 } end

local answer = answerTo(client, id, body)
if answer then return answer end
local epoch, offset = topicOf(topic, stream, fresh, ttl)
if rank ~= '' then
  local highest = redis.call('HGET', topic, 'rank')
  if highest and tonumber(highest) >= tonumber(rank) then return { 'late', name, epoch, offset } end
  redis.call('HSET', topic, 'rank', rank)
end

offset = redis.call('HINCRBY', topic, 'offset', 1)
redis.call('XADD', stream, offset .. '-0', 'e', event)
local kept = redis.call('HINCRBY', topic, 'bytes', #event)
while redis.call('XLEN', stream) > entries or kept > bytes do
  local oldest = redis.call('XRANGE', stream, '-', '+', 'COUNT', 1)[1]
  if not oldest then break end
  redis.call('XDEL', stream, oldest[1])
  kept = redis.call('HINCRBY', topic, 'bytes', -#oldest[2][2])
end
redis.call('PEXPIRE', topic, ttl)
redis.call('PEXPIRE', stream, ttl)
remember(client, id, body, name, epoch, offset, most, ttl)
redis.call('PUBLISH', topic, epoch .. ' ' .. offset .. ' ' .. event)
return { 'added', name, epoch, offset }
