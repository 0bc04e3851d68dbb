-- bloom_look: what the header of a Bloom filter says.
-- KEYS: the hash of the entry; the body.
-- ARGV: field; marker; what the filter was opened with, as its header begins.
-- Reply: nothing where no filter is; else, as texts: the estimate of its elements; the share of what is not in it that it takes
--   for its elements just now; how many layers it has.
-- Errors: WRONGKIND; PARAMETERS, with the number 0 and the header found.
-- Complexity: O(1).
-- First: bloom
-- Needs: kept

if redis.call('HGET', KEYS[1], ARGV[1]) == ARGV[2] then
  local filter, refused = filter_of(KEYS[2], ARGV[3])
  if refused then return refused end
  if filter then
    local last = filter.last
    local passes = 1 - filter.pass * (1 - (filter.set / last.bits) ^ last.hashes)
    return {string.format('%.17g', filter.length), string.format('%.17g', passes), string.format('%d', #filter)}
  end
end
-- Prelude

return wrong_kind() or {}
