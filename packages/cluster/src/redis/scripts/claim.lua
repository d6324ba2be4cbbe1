-- Notes where a client is. KEYS: client. ARGV: the prefix of all keys, the client, the server, the number of the connection
-- or nothing, a name for a new client, a bound.
local client = KEYS[1]
local prefix, key, server, connection, fresh, ttl = unpack(ARGV)
local known = call('HMGET', client, 'member', 'server', 'connection')
if known[3] and connection ~= '' and tonumber(connection) < number(known[3]) then return { 'older' } end
local member = known[1] or fresh
call('HSET', client, 'member', member, 'server', server)
if connection ~= '' then call('HSET', client, 'connection', connection) end
call('PEXPIRE', client, ttl)
if known[2] and known[2] ~= server then
  redis.call('PUBLISH', prefix .. 'server:' .. known[2], 'replaced ' .. key .. ' ' .. connection)
end
return { 'here', member, known[1] and 1 or 0 }
