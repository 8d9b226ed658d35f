-- Gives a slot back. KEYS and times as in take.lua.
-- ARGV  id, window, attempt, sent (0: nothing arrived, the slot is free at once)
local out, left, meta = KEYS[1], KEYS[2], KEYS[3]
local function known(field) return tonumber(redis.call('HGET', meta, field) or 0) end

redis.call('ZREM', out, ARGV[1])
if ARGV[4] == '0' then
  redis.call('ZREM', left, ARGV[1])
  return 0
end
local time = redis.call('TIME')
-- Even if the lease was forgotten meanwhile: its request arrived.
redis.call('ZADD', left, string.format('%.0f', time[1] * 1000000 + time[2]), ARGV[1])
local memory = math.max(ARGV[2], known('window')) + math.max(ARGV[3], known('attempt'))
for _, key in ipairs(KEYS) do
  redis.call('PEXPIRE', key, string.format('%.0f', math.ceil(memory / 1000)))
end
return 1
