-- dict_expire: give a key of a dict a time to live, or take it; set the key first, where a value is given.
-- KEYS: header; see the prelude's leaf.
-- ARGV: header; field; marker; the key's text; milliseconds to live, or "" for no end; the text of a new value, or "".
-- Reply: 1: done; -1: it has no time to live that could be taken; -2: there is no such key; -3: this server has no times
--   to live for keys of a hash. Nothing was written, but where it is 1.
-- Errors: LOCKLOST, NEWSECTION, WRONGKIND: nothing was written.
-- Complexity: O(1).
-- Needs: leaf

local refused = unfit()
if refused then return refused end
local name, life_ms, text = ARGV[own], ARGV[own + 1], ARGV[own + 2]
local found = redis.pcall('HPTTL', body, 'FIELDS', 1, name)
if found.err then return -3 end
if text ~= '' then
  refused = mount()
  if refused then return refused end
  redis.call('HSET', body, name, text)
elseif not there or found[1] == -2 then
  return -2
elseif life_ms == '' and found[1] == -1 then
  return -1
end
if life_ms == '' then
  redis.call('HPERSIST', body, 'FIELDS', 1, name)
else
  redis.call('HPEXPIRE', body, life_ms, 'FIELDS', 1, name)
end
settle()
return 1
