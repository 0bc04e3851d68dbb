-- prelude lockfaults: what can be wrong with the entries of locks, and how it is mended. For the script check alone.
-- Locks are entered, renewed and removed by one script each, in all their zsets at once: redicts leaves none by halves.
-- What has run out is no fault: it may be gone with one key, and be left in another.
-- Needs: clock, entries, faults, lifefaults

local LAST = '(1e15'  -- no deadline is as late

-- The zsets that an entry stands in: l: of its path, and b: of each proper ancestor. In order, and as a set.
local function zsets_of(prefix, tail)
  local zsets, found = {prefix .. 'l:' .. tail}, {}
  while tail ~= '' do
    tail = string.match(tail, '^(.*)%.[^.]*$') or ''
    zsets[#zsets + 1] = prefix .. 'b:' .. tail
  end
  for _, zset in ipairs(zsets) do found[zset] = true end
  return zsets, found
end

-- The deadline of an entry in a zset; nil where it is not there. (What is no zset is a fault of its own.)
local function deadline_in(zset, entry)
  local score = redis.pcall('ZSCORE', zset, entry)
  return type(score) ~= 'table' and tonumber(score) or nil
end

-- Take an entry out of all its zsets in one step: release goes by one being as full as the others.
local function remove(zsets, entry)
  for _, zset in ipairs(zsets) do redis.pcall('ZREM', zset, entry) end
end

-- Enter a lock where it is missing.
local function complete(zset, entry, deadline, left)
  if redis.call('TYPE', zset).ok ~= 'zset' then redis.call('UNLINK', zset) end
  redis.call('ZADD', zset, whole(deadline), entry)
  if redis.call('PTTL', zset) < left then redis.call('PEXPIRE', zset, whole(left)) end
end

-- Look at an entry that is alive where it was found. Its deadline; 0 for what is no entry here.
local function check_entry(key, prefix, entry, deadline, now)
  local _, _, tail = parts_of(entry)
  local zsets, found = zsets_of(prefix, tail or '')
  if not tail or not found[key] then return 0 end  -- told by who can read all of it
  if key ~= zsets[1] then
    local held = deadline_in(zsets[1], entry)
    if not held or held <= now then
      fault('entry without lock', key, entry, function() remove(zsets, entry) end)
    end
    return deadline
  end
  for i = 2, #zsets do
    if deadline_in(zsets[i], entry) ~= deadline then
      fault('lock not entered above', key, zsets[i], function() complete(zsets[i], entry, deadline, deadline - now) end)
    end
  end
  return deadline
end

-- Tidy away the locks that have run out.
local function tidy_locks(key, prefix, now)
  for _, entry in ipairs(redis.call('ZRANGEBYSCORE', key, '-inf', whole(now))) do
    local _, _, tail = parts_of(entry)
    local zsets = tail and zsets_of(prefix, tail)
    if zsets and (deadline_in(zsets[1], entry) or 0) <= now then remove(zsets, entry) end
  end
end

local function check_locks(key)
  if not check_type(key, 'zset') then return end
  local now, prefix = now_ms(), string.match(key, '^(.-)[lb]:{') or string.sub(key, 1, -3)
  local alive = redis.call('ZRANGEBYSCORE', key, whole(now + SLACK), LAST, 'WITHSCORES')
  local last = 0
  for i = 1, #alive, 2 do last = math.max(last, check_entry(key, prefix, alive[i], tonumber(alive[i + 1]), now)) end
  check_life(key, last - now)
  if repair then tidy_locks(key, prefix, now) end
end
