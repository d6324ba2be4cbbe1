-- Notes who is in a room on a server. KEYS: the room's roster, the rooms of the server. ARGV: the server, the room, the
-- members there as JSON or nothing, a bound, the prefix of all keys, the lease in ms.
local roster, rooms = KEYS[1], KEYS[2]
local server, room, members, ttl, prefix, lease = unpack(ARGV)
noted(prefix, server, lease, ttl)
local before = call('HGET', roster, server) or ''
if before ~= members then changed(roster) end
if members == '' then
  call('HDEL', roster, server)
  call('SREM', rooms, room)
else
  call('HSET', roster, server, members)
  call('SADD', rooms, room)
  call('PEXPIRE', rooms, ttl)
end
call('PEXPIRE', roster, ttl)
return { life(), call('HGETALL', roster) }
