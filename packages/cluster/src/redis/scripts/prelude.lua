-- Shared by all scripts: it is put in front of each.

-- A life of the engine: another one after every restart and after every promotion of a replica. Only within one life is
-- it certain that nothing was lost.
local function life()
  return string.match(redis.call('INFO', 'replication'), 'master_replid:(%x+)')
end

-- Returns the epoch and the offset of a topic. A topic of an earlier life goes on in a new epoch, with what was kept.
local function topicOf(topic, stream, epoch, ttl)
  local now = life()
  local known = redis.call('HMGET', topic, 'epoch', 'life', 'offset')
  if known[1] and known[2] == now then return known[1], tonumber(known[3]) end
  local offset = known[1] and tonumber(known[3]) or 0
  -- Without the head of the topic, nobody knows to which epoch the events belong.
  if not known[1] then redis.call('DEL', stream) end
  redis.call('HSET', topic, 'epoch', epoch, 'life', now, 'offset', offset)
  redis.call('PEXPIRE', topic, ttl)
  redis.call('PEXPIRE', stream, ttl)
  return epoch, offset
end

-- Notes that a roster has changed. The number grows even after the roster was forgotten.
local function changed(roster)
  local time = redis.call('TIME')
  local last = tonumber(redis.call('HGET', roster, '#') or '0')
  redis.call('HSET', roster, '#', string.format('%.0f', math.max(last + 1, time[1] * 1000000 + time[2])))
end

-- Notes that there is something of a server. If the engine has forgotten the server, its lease begins now, so that the
-- others notice if no beat follows.
local function noted(prefix, server, lease)
  redis.call('SADD', prefix .. 'servers', server)
  redis.call('SET', prefix .. 'lease:' .. server, '', 'PX', lease, 'NX')
end

-- A server is not there any more: nobody is in its rooms.
local function empty(prefix, server)
  local rooms = prefix .. 'rooms:' .. server
  for _, room in ipairs(redis.call('SMEMBERS', rooms)) do
    local roster = prefix .. 'roster:' .. room
    if redis.call('HDEL', roster, server) == 1 then changed(roster) end
    redis.call('PUBLISH', prefix .. 'all', 'room ' .. room)
  end
  redis.call('DEL', rooms)
end

-- Returns the answer that a request has got, or nothing.
local function answerTo(client, id, body)
  if id == '' then return nil end
  local answer = redis.call('HGET', client, 'r:' .. id)
  if not answer then return nil end
  local known, topic, epoch, offset = string.match(answer, '^(%S+) (%S+) (%S+) (%S+)$')
  if known ~= body then return { 'conflict', topic, epoch, tonumber(offset) } end
  return { 'again', topic, epoch, tonumber(offset) }
end

-- Remembers the answer to a request, and forgets the oldest beyond `most`.
local function remember(client, id, body, topic, epoch, offset, most, ttl)
  if id == '' then return end
  local count = redis.call('HINCRBY', client, 'count', 1)
  redis.call('HSET', client, 'i:' .. count, id, 'r:' .. id, body .. ' ' .. topic .. ' ' .. epoch .. ' ' .. offset)
  local old = 'i:' .. (count - most)
  local oldest = redis.call('HGET', client, old)
  if oldest then redis.call('HDEL', client, old, 'r:' .. oldest) end
  redis.call('PEXPIRE', client, ttl)
end
