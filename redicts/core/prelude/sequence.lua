-- prelude sequence: indexes and slices, as Python has them, and the elements of a list in a table.

-- The bounds of a slice of `size` elements, as slice.indices() gives them; a text is a number, "" is None.
local function bounds(start, stop, step, size)
  local low, high = step < 0 and -1 or 0, step < 0 and size - 1 or size
  local function bound(text, default)
    if text == '' then return default end
    local at = tonumber(text)
    if at < 0 then return math.max(at + size, low) end
    return math.min(at, high)
  end
  if step < 0 then return bound(start, high), bound(stop, low) end
  return bound(start, low), bound(stop, high)
end

-- How many elements a slice has.
local function count_between(start, stop, step)
  if step < 0 then return math.max(0, math.ceil((start - stop) / -step)) end
  return math.max(0, math.ceil((stop - start) / step))
end
