-- The part of a commit that applies points to a score, as the mode and the rules of the contest say.
-- Appended to rules.lua.

-- Applies points to a score.
--   rules   the rules
--   before  the score, nil for a new user
--   mode    'increment', 'set' or 'best', '' for the one of the rules
--   points  a number within the bounds of a score
-- Returns the new score; or nil and why there is none, an outcome of the update. A score that stays
-- may be beyond the bounds of the rules, which hold for new ones.
local function apply_points(rules, before, mode, points)
  if mode == '' then
    mode = rules.default_mode or 'increment'
  end
  local score = points
  if mode == 'increment' then
    if rules.max_points and math.abs(points) > rules.max_points then
      return nil, 'points ' .. whole(rules.max_points)
    end
    -- By subtraction: beyond the bounds doubles skip integers, and a sum would be rounded.
    if before and points > 0 and before > MAX_SCORE - points
      or before and points < 0 and before < -MAX_SCORE - points then
      score = nil
    else
      score = (before or 0) + points
    end
  elseif mode == 'best' and before then
    score = (rules.order and math.min or math.max)(before, points)
  end
  if score and score == before then
    return score
  end
  local least, greatest = rules.min_score or -MAX_SCORE, rules.max_score or MAX_SCORE
  if not score or score < least or score > greatest then
    return nil, 'range ' .. whole(least) .. ' ' .. whole(greatest)
  end
  return score
end
