-- set: set places to documents, in order, in one atomic step.
-- KEYS: header; then for each place the hash of its entry.
-- ARGV: header; then for each place: field, time to live in ms ("" for none), text ("/" for a node), number of rows,
--   and the rows: tail of the node's key, number of arguments, fields and values.
-- Reply: 1.
-- Errors: LOCKLOST, NEWSECTION: nothing was written.
-- Complexity: O(fields written + what stood at the places).
-- First: proof
-- Needs: header, put

-- Most writes put a leaf over a plain leaf, or into a node that is there and does not expire, under no lock or one that
-- is alive.
if alive and #ARGV == 6 + guard and ARGV[4 + guard] == '' and ARGV[3 + guard] ~= '' then
  local key, field = KEYS[#KEYS], ARGV[3 + guard]
  local old = redis.call('HGET', key, field)
  local first = old and string.byte(old)
  local plain = old and first ~= 47 and first ~= 126 and first ~= 64
  if plain or not old and redis.call('PTTL', key) == -1 and redis.call('HEXISTS', key, '') == 0 then
    redis.call('HSET', key, field, ARGV[5 + guard])
    return 1
  end
end
-- Prelude

local refused = lost_guard()
if refused then return refused end
for i = own_key, #KEYS do
  refused = new_section(KEYS[i])
  if refused then return refused end
end

local at = own_arg
for i = own_key, #KEYS do
  local deadline = NONE
  if ARGV[at + 1] ~= '' then deadline = now_ms() + tonumber(ARGV[at + 1]) end
  at = put(KEYS[i], ARGV[at], ARGV[at + 2], at + 4, tonumber(ARGV[at + 3]), deadline)
end
return 1
