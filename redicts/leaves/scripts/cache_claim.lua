-- cache_claim: get the claim to compute a key of a cache, unless it is there.
-- KEYS: header; see the prelude's leaf.
-- ARGV: header; field; marker; the key's text; who asks, 16 digits; for how many ms the claim is; what will do: "v" a value,
--   "vx" a value or an error that is remembered, "" neither; the line that who asks stands in, if it waits (16 digits),
--   else ""; "1" where it was in that line before, else "0".
-- Reply: the text of a value; "x" and that of an error; {1}: who asks is to compute it; {0, ms until nobody else does}.
-- Errors: LOCKLOST, NEWSECTION, WRONGKIND: nothing was written.
-- Complexity: O(1).
-- Takes: the claim, until its lease is over
-- Needs: caching

local refused = unfit()
if refused then return refused end
local name, nonce, lease, line = ARGV[own], ARGV[own + 1], tonumber(ARGV[own + 2]), ARGV[own + 4]
local value, claim = there and redis.call('HGET', body, name), there and redis.call('HGET', body, '?' .. name)
local letter = value and letter_of(value)
local found = letter and string.find(ARGV[own + 3], letter, 1, true) and string.sub(value, 32)
if found and fresh_until(value) > now then
  if ARGV[own + 5] == '1' then wake_line(line) end
  return letter == 'v' and found or 'x' .. found
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
local gone, waiting = math.min(now + 11 * lease, FOREVER - 1), claim and line_of(claim) or NOBODY
put_claim(name, now + lease, gone, waiting, string.sub(nonces .. ' ' .. nonce, -272))
finish()
return {1}
