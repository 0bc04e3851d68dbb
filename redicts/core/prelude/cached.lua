-- prelude cached: what the body of a cache, a hash, holds. A field is one of
--
-- a key's text: "v", or "x" for an error that is remembered; until when it is fresh; a space; when it is gone; a space;
--   its text. Times are in ms of the server's, 14 digits. "V" or "X": what is there need not be fresh any more, since it is
--   kept longer, or since this server has no times to live for fields.
-- "?" and a key's text: a claim of those who compute it: "c"; until when nobody takes over; a space; when it is gone; a
--   space; the line of those who wait for it (16 digits, or "-"); a space and 16 digits for each who may store what it
--   computes, the last one being who has the claim. Who stores takes away all that came before it.
-- "!": on a server without times to live for fields: until when the body lives, where we said so, else "-".
-- Needs: clock

local FOREVER, NOBODY = 99999999999999, '----------------'

local function is_entry(name)
  local first = string.byte(name)
  return first ~= 33 and first ~= 63
end

-- Until when an entry is fresh, or nobody takes over a claim; when it is gone.
local function fresh_until(value) return tonumber(string.sub(value, 2, 15)) end
local function gone_at(value) return tonumber(string.sub(value, 17, 30)) end

-- "v" or "x".
local function letter_of(value) return string.lower(string.sub(value, 1, 1)) end

-- Whether it is a value, and fresh.
local function is_fresh(value, now) return letter_of(value) == 'v' and fresh_until(value) > now end

-- Names and texts of the values that are fresh.
local function entries_of(body)
  local flat, found, now = redis.call('HGETALL', body), {}, now_ms()
  for i = 1, #flat, 2 do
    if is_entry(flat[i]) and is_fresh(flat[i + 1], now) then
      found[#found + 1], found[#found + 2] = flat[i], string.sub(flat[i + 1], 32)
    end
  end
  return found
end
