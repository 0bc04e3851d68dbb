-- prelude header: what every writing script begins with.
--
-- KEYS: the lock keys of the guards, then the set of the sections' names (mode 1 only), then the script's own.
-- ARGV: the number of guards; the mode; the members of the guards; then the script's own.
-- Mode 1: the scripts keep the set of the sections' names themselves. 0: it lies in another slot of a cluster, so a
-- write that would begin a section is refused with NEWSECTION. 2: likewise, but the name has been registered.
-- Needs: keys, clock

local guards = tonumber(ARGV[1])
local mode = ARGV[2]
local own_key, own_arg = guards + 1, guards + 3
local sections = nil
if mode == '1' then
  sections = KEYS[own_key]
  own_key = own_key + 1
end

-- The error of a guard whose lock is gone or has run out, with its number; nil where all are alive. Ask before anything is written.
local function lost_guard()
  for i = 1, guards do
    local deadline = redis.call('ZSCORE', KEYS[i], ARGV[2 + i])
    if not deadline or tonumber(deadline) <= now_ms() then
      return redis.error_reply('LOCKLOST ' .. i .. ' ' .. KEYS[i])
    end
  end
  return nil
end

-- The error of a write that would begin a section whose name this script cannot register.
local function new_section(key)
  if mode == '0' and redis.call('EXISTS', section_key(key)) == 0 then
    return redis.error_reply('NEWSECTION ' .. section_name(key))
  end
  return nil
end

local function register(key)
  if sections then redis.call('SADD', sections, section_name(key)) end
end

local function unregister(key)
  if sections then redis.call('SREM', sections, section_name(key)) end
end
