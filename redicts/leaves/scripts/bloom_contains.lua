-- bloom_contains: which elements seem to be in a Bloom filter.
-- KEYS: the hash of the entry; the body.
-- ARGV: field; marker; what the filter was opened with, as its header begins; the hashes of the elements, 16 bytes each.
-- Reply: "1" or "0" for each, in one text.
-- Errors: WRONGKIND; PARAMETERS, with the number 0 and the header found.
-- Complexity: O(elements * hash functions of all layers): 0.5 us for each bit that is looked at, which are two for an element
--   that is not in it. A filter that is small beside what is asked is read whole first: then it is 0.1 us.
-- First: bloom
-- Needs: kept

-- The answers of a filter.
local function ask(filter, hashes)
  local count, answers = #hashes / ELEMENT, {}
  local copy = copy_of(filter, count)
  for i = 1, count do
    local x, y, z = words(hashes, ELEMENT * (i - 1) + 1)
    local answer = '0'
    for layer = #filter, 1, -1 do  -- the last one holds most
      if has(filter, filter[layer], copy, x, y, z) then
        answer = '1'
        break
      end
    end
    answers[i] = answer
  end
  return table.concat(answers)
end

if redis.call('HGET', KEYS[1], ARGV[1]) == ARGV[2] then
  local filter, refused = filter_of(KEYS[2], ARGV[3])
  if filter then return ask(filter, ARGV[4]) end
  if refused then return refused end
end
-- Prelude

return wrong_kind() or string.rep('0', #ARGV[4] / ELEMENT)
