-- Notes who is in a room on a server. KEYS: the room's roster, the rooms of the server. ARGV: the server, the room, the
-- members there as JSON or nothing, a bound, the prefix of all keys, the lease in ms.
local roster, rooms = KEYS[1], KEYS[2]
local server, room, members, ttl, prefix, lease = unpack(ARGV)
noted(prefix, server, lease)
local before = redis.call('HGET', roster, server) or ''
if before ~= members then changed(roster) end
if members == '' then
  redis.call('HDEL', roster, server)
  redis.call('SREM', rooms, room)
else
  redis.call('HSET', roster, server, members)
  redis.call('SADD', rooms, room)
  redis.call('PEXPIRE', rooms, ttl)
end
redis.call('PEXPIRE', roster, ttl)
return { life(), redis.call('HGETALL', roster) }
