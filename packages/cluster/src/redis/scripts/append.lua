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
  local highest = call('HGET', topic, 'rank')
  if highest and number(highest) >= tonumber(rank) then return { 'late', name, epoch, offset } end
  call('HSET', topic, 'rank', rank)
end

offset = call('HINCRBY', topic, 'offset', 1)
call('XADD', stream, offset .. '-0', 'e', event)
local kept = number(call('HGET', topic, 'bytes')) + #event
while call('XLEN', stream) > entries or kept > bytes do
  local oldest = call('XRANGE', stream, '-', '+', 'COUNT', 1)[1]
  if not oldest then
    kept = 0
    break
  end
  call('XDEL', stream, oldest[1])
  kept = kept - #oldest[2][2]
end
call('HSET', topic, 'bytes', kept)
call('PEXPIRE', topic, ttl)
call('PEXPIRE', stream, ttl)
remember(client, id, body, name, epoch, offset, most, ttl)
redis.call('PUBLISH', topic, epoch .. ' ' .. offset .. ' ' .. event)
return { 'added', name, epoch, offset }
