-- cache_store: put what was computed into a cache, where whoever did may do so still; or give its claim up.
-- KEYS: header; see the prelude's leaf.
-- ARGV: header; field; marker; the key's text; who did, 16 digits; "v" a value, "x" an error, or "" to give up; how
--   long it is fresh, and there, in ms, or "" for no end; its text.
-- Reply: 1 where that was done; 0: it was no more to be done.
-- Errors: LOCKLOST, WRONGKIND: nothing was written.
-- Complexity: O(1).
-- Needs: caching

local refused = unfit()
if refused then return refused end
local name, letter = ARGV[own], ARGV[own + 2]
local claim = there and redis.call('HGET', body, '?' .. name)
local nonces = claim and nonces_of(claim) or ''
local from, to = string.find(nonces, ' ' .. ARGV[own + 1], 1, true)
if not from then return 0 end
local later, line = string.sub(nonces, to + 1), line_of(claim)
if letter ~= '' then
  put_entry(name, letter, ARGV[own + 3], ARGV[own + 4], ARGV[own + 5])
  nonces = later
else
  nonces = string.sub(nonces, 1, from - 1) .. later
end
if later ~= '' then
  put_claim(name, fresh_until(claim), gone_at(claim), line, nonces)
elseif letter == '' then
  release(name, line, nonces)
else
  redis.call('HDEL', body, '?' .. name)
end
if letter ~= '' then wake_line(line) end
finish()
return 1
