-- prelude forms: how bodies that are more than their elements are shown as JSON. core/kinds.py says which form is whose.
-- Needs: clock

local FORMS = {}

function FORMS.number(body) return redis.call('GET', body) end

function FORMS.estimate(body) return string.format('%.0f', redis.call('PFCOUNT', body)) end

function FORMS.filter(body) return '0' end

function FORMS.entries(body) return '{}' end

function FORMS.holders(body)
  local live = 0
  for _, member in ipairs(redis.call('ZRANGEBYSCORE', body, string.format('(%.0f', now_ms()), '+inf')) do
    if string.sub(member, 1, 2) == '+ ' then live = live + 1 end
  end
  return tostring(live)
end
