-- Shared by all scripts: it is put in front of each.

-- Runs a command whose first argument is a key. What a server of ours cannot have written there makes way: another type, a
-- text in the place of a number, or an event behind the newest one.
local function call(command, key, ...)
  local answer = redis.pcall(command, key, ...)
  if type(answer) ~= 'table' or not answer.err then return answer end
  for _, fault in ipairs({ 'WRONGTYPE', 'not an integer', 'target stream top item' }) do
    if string.find(answer.err, fault, 1, true) then redis.call('DEL', key) end
  end
  return redis.call(command, key, ...)
end

-- Returns a number that was kept, or 0.
local function number(text)
  return tonumber(text) or 0
end

-- A life of the engine: another one after every restart and after every promotion of a replica. Only within one life is
-- it certain that nothing was lost.
local function life()
  return string.match(redis.call('INFO', 'replication'), 'master_replid:(%x+)')
end

-- Returns the epoch and the offset of a topic. A topic of an earlier life goes on in a new epoch, with what was kept.
local function topicOf(topic, stream, epoch, ttl)
  local now = life()
  local known = call('HMGET', topic, 'epoch', 'life', 'offset')
  local offset = tonumber(known[3])
  local isWhole = known[1] and offset
  if isWhole and known[2] == now then return known[1], offset end
  -- Without the head of the topic, nobody knows to which epoch the events belong.
  if not isWhole then call('DEL', topic, stream) end
  call('HSET', topic, 'epoch', epoch, 'life', now, 'offset', isWhole and offset or 0)
  call('PEXPIRE', topic, ttl)
  call('PEXPIRE', stream, ttl)
  return epoch, isWhole and offset or 0
end

-- Notes that a roster has changed. The number grows even after the roster was forgotten.
local function changed(roster)
  local time = redis.call('TIME')
  local last = number(call('HGET', roster, '#'))
  call('HSET', roster, '#', string.format('%.0f', math.max(last + 1, time[1] * 1000000 + time[2])))
end

-- Notes that there is something of a server. If the engine has forgotten the server, its lease begins now, so that the
-- others notice if no beat follows.
local function noted(prefix, server, lease, ttl)
  call('SADD', prefix .. 'servers', server)
  call('PEXPIRE', prefix .. 'servers', ttl)
  call('SET', prefix .. 'lease:' .. server, '', 'PX', lease, 'NX')
end

-- A server is not there any more: nobody is in its rooms.
local function empty(prefix, server)
  local rooms = prefix .. 'rooms:' .. server
  for _, room in ipairs(call('SMEMBERS', rooms)) do
    local roster = prefix .. 'roster:' .. room
    if call('HDEL', roster, server) == 1 then changed(roster) end
    redis.call('PUBLISH', prefix .. 'all', 'room ' .. room)
  end
  call('DEL', rooms)
end

-- Returns the answer that a request has got, or nothing.
local function answerTo(client, id, body)
  if id == '' then return nil end
  local answer = call('HGET', client, 'r:' .. id)
  if not answer then return nil end
  local known, topic, epoch, offset = string.match(answer, '^(%S+) (%S+) (%S+) (%S+)$')
  if known ~= body then return { 'conflict', topic, epoch, number(offset) } end
  return { 'again', topic, epoch, number(offset) }
end

-- Remembers the answer to a request, and forgets the oldest beyond `most`.
local function remember(client, id, body, topic, epoch, offset, most, ttl)
  if id == '' then return end
  local count = call('HINCRBY', client, 'count', 1)
  call('HSET', client, 'i:' .. count, id, 'r:' .. id, body .. ' ' .. topic .. ' ' .. epoch .. ' ' .. offset)
  local old = 'i:' .. (count - most)
  local oldest = call('HGET', client, old)
  if oldest then call('HDEL', client, old, 'r:' .. oldest) end
  call('PEXPIRE', client, ttl)
end
