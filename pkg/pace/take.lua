-- Takes a slot. Returns {1, 0}, or {0, microseconds until asking again is worth it}, and a third number when
-- that is because leases may have been forgotten.
-- KEYS  out: id -> deadline of who has a slot out; left: id -> when it came back; meta: what the rest means
-- ARGV  id, limit, window, attempt (the longest a slot may be out), lost (1: the caller knows of leases here)
-- All times are microseconds of this server's clock. Numbers are spelled out, for Lua rounds to 14 digits.
local out, left, meta = KEYS[1], KEYS[2], KEYS[3]
local id, limit = ARGV[1], tonumber(ARGV[2])
local window, attempt = tonumber(ARGV[3]), tonumber(ARGV[4])

local function text(n) return string.format('%.0f', n) end
local function known(field) return tonumber(redis.call('HGET', meta, field) or 0) end

local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local info = redis.call('INFO', 'server')
local run = info:match('run_id:(%w+)')
local up = (info:match('uptime_in_seconds:(%d+)') - 1) * 1000000 -- at least; it starts at a whole second

-- Slots are kept for the longest of all callers.
local longest = math.max(window, known('window'))
attempt = math.max(attempt, known('attempt'))
local memory = longest + attempt -- nobody is asked about what was taken longer ago

-- A server that restarted or was replaced has forgotten leases, some or all. They are over after an
-- attempt, and no longer count a window after that; until then nothing passes.
local quiet = math.min(known('quiet'), now + memory)
local was = redis.call('HGET', meta, 'run')
if was ~= run then
  if was or ARGV[5] == '1' then
    quiet = now + memory
  elseif up < memory then
    quiet = now + memory - up
  end
end
redis.call('HSET', meta, 'run', run, 'window', text(longest), 'attempt', text(attempt), 'quiet', text(quiet))

-- What is out past its deadline belonged to a dead process, and came back by then.
local late = redis.call('ZRANGEBYSCORE', out, '-inf', text(now), 'WITHSCORES')
for i = 1, #late, 2 do
  redis.call('ZADD', left, late[i + 1], late[i])
  redis.call('ZREM', out, late[i])
end
-- What lies in the future was written before the clock was set back.
for _, k in ipairs(redis.call('ZRANGEBYSCORE', left, '(' .. text(now), '+inf')) do
  redis.call('ZADD', left, text(now), k)
end
for _, k in ipairs(redis.call('ZRANGEBYSCORE', out, '(' .. text(now + attempt), '+inf')) do
  redis.call('ZADD', out, text(now + attempt), k)
end
redis.call('ZREMRANGEBYSCORE', left, '-inf', text(now - longest))

local recent = '(' .. text(now - window)
local used = redis.call('ZCARD', out) + redis.call('ZCOUNT', left, recent, '+inf')
local again = redis.call('ZSCORE', out, id) -- the answer of an earlier call was lost on its way
local taken = again or (used < limit and quiet <= now)
if taken then
  redis.call('ZADD', out, text(now + attempt), id)
end
for _, key in ipairs(KEYS) do
  redis.call('PEXPIRE', key, text(math.ceil(memory / 1000)))
end
if taken then
  return {1, 0}
end
if quiet > now then
  return {0, quiet - now, 1}
end
local next = redis.call('ZRANGEBYSCORE', left, recent, '+inf', 'WITHSCORES', 'LIMIT', used - limit, 1)
if next[2] then
  return {0, next[2] + window - now}
end
return {0, window} -- what is out can't be free before
