-- prelude caching: writing to a cache.
-- Needs: leaf, cached, tidy

-- Whether this script mounts it; when the last of what it puts in is gone; whether fields have no times to live here.
local now, made, last, by_hand = now_ms(), false, 0, false

local function digits(time) return string.format('%014.0f', time) end

-- Make the place a cache, where `unfit` has nothing against it.
local function open_cache()
  made = not there
  return mount()
end

-- Set a field, which the server removes when it is gone, if it can.
local function keep(name, value, gone)
  redis.call('HSET', body, name, value)
  last, by_hand = math.max(last, gone), by_hand or redis.call('HEXISTS', body, '!') == 1
  if gone == FOREVER or by_hand then return end
  by_hand = redis.pcall('HPEXPIREAT', body, string.format('%.0f', gone), 'FIELDS', 1, name).err ~= nil
end

-- Put an entry. Its lives, fresh and in all, are ms, or "" for no end.
local function put_entry(name, letter, life, whole, text)
  local fresh = life == '' and FOREVER or now + tonumber(life)
  local gone = whole == '' and FOREVER or now + tonumber(whole)
  local value = digits(fresh) .. ' ' .. digits(gone) .. ' ' .. text
  keep(name, (fresh == gone and letter or string.upper(letter)) .. value, gone)
  if by_hand and fresh == gone and gone ~= FOREVER then redis.call('HSET', body, name, string.upper(letter) .. value) end
end

local function put_claim(name, deadline, gone, line, nonces)
  keep('?' .. name, 'c' .. digits(deadline) .. ' ' .. digits(gone) .. ' ' .. line .. nonces, gone)
end

local function line_of(claim) return string.sub(claim, 32, 47) end
local function nonces_of(claim) return string.sub(claim, 48) end
-- Wake one of those who wait for an entry, if there may be any.
local function wake_line(line)
  if line == NOBODY then return end
  local open = string.find(body, '{', 1, true)
  wake(string.sub(body, 1, open - 3) .. 'g:' .. string.sub(body, open) .. '.' .. line)
end

-- Give a claim up: the next one who comes has it. Who waits is remembered meanwhile, and who may store still.
local function release(name, line, nonces)
  if line == NOBODY and nonces == '' then return redis.call('HDEL', body, '?' .. name) end
  put_claim(name, 0, now + 5000, line, nonces)
  wake_line(line)
end

-- Where fields have no times to live: look at four by chance, and remove what is gone.
local function sweep()
  local flat = some_fields(body, 4)
  for i = 1, #flat, 2 do
    if flat[i] ~= '!' and gone_at(flat[i + 1]) <= now then redis.call('HDEL', body, flat[i]) end
  end
end

-- There, let the body end with the last entry, to the next ten seconds (so that it ends with four zeros), unless it has
-- another life, which somebody gave it.
local function limit_life()
  local stored, new, ends = redis.call('HGET', body, '!') or '-', '-', NONE
  if made or (stored ~= '-' and same_deadline(tonumber(stored), deadline_of(body))) then
    local parent = field ~= '' and sooner(deadline_of(key), NONE) or NONE
    if last ~= FOREVER then ends = math.max(math.ceil(last / 10000) * 10000, tonumber(stored) or 0) end
    if ends > 0 and (parent < 0 or ends < parent) then new = digits(ends) end
    if new ~= stored then set_deadline(body, sooner(ends, parent)) end
  end
  redis.call('HSET', body, '!', new)
end

-- The end of every script that has written.
local function finish()
  if by_hand then sweep() end
  if redis.call('HLEN', body) == 1 then redis.call('HDEL', body, '!') end
  settle()
  if by_hand and redis.call('EXISTS', body) == 1 then limit_life() end
  if made and last ~= FOREVER then tidy_beside(key, field) end
end
