-- prelude order: reading hashes and sets in a fixed order, where texts are compared.

-- Whether that is asked for, and for sets too, which are arrays to who reads them. (While the server makes room in a large
-- hash or set, it comes in another order each time.)
local fixed_order, fixed_sets = false, false

-- Fields and values, in the order of the fields.
local function in_order(flat)
  local fields, values = {}, {}
  for i = 1, #flat, 2 do fields[#fields + 1], values[flat[i]] = flat[i], flat[i + 1] end
  table.sort(fields)
  for i, field in ipairs(fields) do flat[2 * i - 1], flat[2 * i] = field, values[field] end
  return flat
end
