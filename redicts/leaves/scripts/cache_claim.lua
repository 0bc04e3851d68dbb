-- cache_claim: read what a key of a cache has, or get the claim to compute it.
-- KEYS: header; see the prelude's leaf.
-- ARGV: header; field; marker; the key's text; who asks, 16 digits; for how many ms the claim is; what will do: "v" a
--   value, "vx" a value or an error that is remembered, "" neither; the line that who asks stands in, if it waits (16
--   digits), else ""; "1" where it was in that line before, else "0".
-- Reply: the text of a value; "x" and that of an error; {1}: who asks is to compute it; {0, ms until nobody else does}.
-- Errors: LOCKLOST, NEWSECTION, WRONGKIND: nothing was written.
-- Complexity: O(1).
-- Takes: the claim, until its lease is over
-- Needs: caching

-- Mostly it is there, and fresh. (Here what "cached" of the prelude has is written out.)
local guard = tonumber(ARGV[1])
local at, arg = guard + (ARGV[2] == '1' and 2 or 1), guard + 3
if ARGV[arg + 6] ~= '1' and redis.call('HGET', KEYS[at], ARGV[arg]) == ARGV[arg + 1] then
  local value = redis.call('HGET', KEYS[at + 1], ARGV[arg + 2])
  if value and string.find(ARGV[arg + 5], string.sub(value, 1, 1), 1, true) then
    local time = redis.call('TIME')
    if tonumber(string.sub(value, 2, 15)) > time[1] * 1000 + math.floor(time[2] / 1000) then
      return string.byte(value) == 118 and string.sub(value, 32) or 'x' .. string.sub(value, 32)
    end
  end
end
-- Prelude

local name, nonce, lease, accepted, line = ARGV[own], ARGV[own + 1], tonumber(ARGV[own + 2]), ARGV[own + 3], ARGV[own +
4] local refused = unfit()
if refused then return refused end
local value, claim = there and redis.call('HGET', body, name), there and redis.call('HGET', body, '?' .. name)
local letter = value and string.sub(value, 1, 1) or '?'
local found = string.find(accepted, letter, 1, true) and (letter == 'v' and '' or 'x') .. string.sub(value, 32)
if found and fresh_until(value) > now then
  if line ~= '' then wake_line(line) end
  return found
end
local nonces = claim and nonces_of(claim) or ''
if claim and string.sub(nonces, -16) == nonce then return {1} end
if claim and fresh_until(claim) > now then
  if found and letter == 'v' and gone_at(value) > now then return found end
  if line ~= '' and line_of(claim) ~= line then
    put_claim(name, fresh_until(claim), gone_at(claim), line, nonces)
    finish()
  end
  return {0, fresh_until(claim) - now}
end
refused = open_cache()
if refused then return refused end
put_claim(name, now + lease, math.min(now + 11 * lease, FOREVER - 1), claim and line_of(claim) or NOBODY,
string.sub(nonces .. ' ' .. nonce, -272)) finish()
return {1}
