-- A server goes: its members have left, and its jobs are for the others. KEYS: its lease. ARGV: the prefix of
-- all keys, the server.
empty(ARGV[1], ARGV[2])
return call('DEL', KEYS[1])
