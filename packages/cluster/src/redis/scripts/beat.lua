-- Keeps a server alive and compares what it knows. KEYS: the set of servers, then a topic and its stream each, then jobs,
-- then clients, then a presence topic and its room's roster each. ARGV: the prefix of all keys, the server, its lease
-- in ms, a bound, whether to keep, the names of its last and its next full report, the numbers of topics, jobs, clients
-- and rooms, and for each topic the epoch and the offset that the server knows.
local servers = KEYS[1]
local prefix, server, lease, ttl, keeps = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5] == '1'
local told, tells = ARGV[6], ARGV[7]
local topics, jobs, clients, followed = tonumber(ARGV[8]), tonumber(ARGV[9]), tonumber(ARGV[10]), tonumber(ARGV[11])

local function all(kind, id) return prefix .. kind .. ':' .. id end

-- The lease says when the server has last told everything, and in which life of the engine.
local now = life()
local isKnown = call('GET', all('lease', server)) == told .. ' ' .. now
call('SET', all('lease', server), (isKnown and told or tells) .. ' ' .. now, 'PX', lease)
call('SADD', servers, server)
call('PEXPIRE', servers, ttl)

local differing = {}
for index = 1, topics do
  local topic, stream = KEYS[2 * index], KEYS[2 * index + 1]
  local head = call('HMGET', topic, 'epoch', 'life', 'offset')
  local epoch = head[2] == now and head[1] or ''
  if epoch ~= ARGV[10 + 2 * index] or head[3] ~= ARGV[11 + 2 * index] then
    differing[#differing + 1] = { index, epoch, number(head[3]) }
  end
  if keeps then
    call('PEXPIRE', topic, ttl)
    call('PEXPIRE', stream, ttl)
  end
end

local cancelled, taken, runs = {}, {}, {}
local first = 1 + 2 * topics
for index = 1, jobs do
  local job = call('HMGET', KEYS[first + index], 'server', 'cancelled')
  runs[KEYS[first + index]] = true
  if job[1] and job[1] ~= server then taken[#taken + 1] = index end
  if job[2] then cancelled[#cancelled + 1] = index end
  call('PEXPIRE', KEYS[first + index], ttl)
end

local moved = {}
first = first + jobs
for index = 1, clients do
  local where = call('HGET', KEYS[first + index], 'server')
  if where and where ~= server then moved[#moved + 1] = index end
  call('PEXPIRE', KEYS[first + index], ttl)
end

-- The members of a room may have changed while no server could publish it, for example because one was killed.
local untold = {}
first = first + clients
for index = 1, followed do
  local rank = call('HGET', KEYS[first + 2 * index - 1], 'rank')
  local version = call('HGET', KEYS[first + 2 * index], '#')
  if number(version) > number(rank) then untold[#untold + 1] = index end
end

-- Servers that are gone: their members have left, and the first server to notice takes over their jobs.
for _, other in ipairs(call('SMEMBERS', servers)) do
  if call('EXISTS', all('lease', other)) == 0 then
    call('SREM', servers, other)
    empty(prefix, other)
    for _, job in ipairs(call('SMEMBERS', all('jobs', other))) do
      if call('HGET', all('job', job), 'server') == other then
        call('HSET', all('job', job), 'server', server)
        call('SADD', all('jobs', server), job)
      end
    end
    call('DEL', all('jobs', other))
  end
end
-- The server has to end jobs that it should run and does not, even one that began after its start was given up.
local orphans = {}
for _, job in ipairs(call('SMEMBERS', all('jobs', server))) do
  local key = all('job', job)
  if call('HGET', key, 'server') ~= server then
    call('SREM', all('jobs', server), job)
  elseif not runs[key] then
    orphans[#orphans + 1] = job
  end
end
-- A server that has to report again also gets the rooms that still have members of it: its removals may have been lost.
local rooms = isKnown and {} or call('SMEMBERS', all('rooms', server))
-- These outlive the lease, so that the others can still clean up after this server.
call('PEXPIRE', all('rooms', server), ttl)
call('PEXPIRE', all('jobs', server), ttl)
if keeps then
  for _, room in ipairs(call('SMEMBERS', all('rooms', server))) do
    call('PEXPIRE', all('roster', room), ttl)
  end
end
return { isKnown and 1 or 0, differing, cancelled, taken, moved, orphans, rooms, untold }
