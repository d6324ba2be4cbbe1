-- Reads a topic, and begins it if there is none. KEYS: topic, stream. ARGV: a new epoch, the epoch and the offset that
-- the server knows, a bound.
local epoch, offset = topicOf(KEYS[1], KEYS[2], ARGV[1], ARGV[4])
local from = '-'
if ARGV[2] == epoch then from = (tonumber(ARGV[3]) + 1) .. '-0' end
local events = {}
for _, entry in ipairs(call('XRANGE', KEYS[2], from, '+')) do
  events[#events + 1] = string.match(entry[1], '^%d+')
  events[#events + 1] = entry[2][2]
end
return { epoch, offset, events }
