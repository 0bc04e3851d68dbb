-- prelude kinds: the kinds of typed leaves: marker to {type of the body, how it is shown as JSON}.

-- Filled in from core/kinds.py when a script is loaded.
local KINDS = {
  -- Kinds
}
