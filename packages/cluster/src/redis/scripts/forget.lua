-- Forgets a topic that had to make way for another, unless a server follows it. KEYS: topic, stream.
if redis.call('PUBSUB', 'NUMSUB', KEYS[1])[2] > 0 then return 0 end
return redis.call('DEL', KEYS[1], KEYS[2])
