-- cache_set: put values into a cache. Nobody who began to compute one of them before may store it after this.
-- KEYS: header; see the prelude's leaf.
-- ARGV: header; field; marker; for each the key's text; how long it is fresh, and there, in ms, or "" for no end; its
--   text.
-- Reply: 1.
-- Errors: LOCKLOST, NEWSECTION, WRONGKIND: nothing was written.
-- Complexity: O(entries).
-- Needs: caching

local refused = unfit() or open_cache()
if refused then return refused end
for at = own, #ARGV, 4 do
  local name = ARGV[at]
  put_entry(name, 'v', ARGV[at + 1], ARGV[at + 2], ARGV[at + 3])
  local claim = not made and redis.call('HGET', body, '?' .. name)
  if claim then
    redis.call('HDEL', body, '?' .. name)
    wake_line(line_of(claim))
  end
end
finish()
return 1
