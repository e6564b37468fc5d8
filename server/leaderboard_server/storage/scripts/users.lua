-- The part of a commit that reads users, hidden ones too. Appended to rules.lua.

-- Reads users.
--   keys        the keys of the script
--   rules       the rules
--   ids         the users
--   any_hidden  whether there are hidden users
--   later       whether this is not the first season: a user without an entry has the profile that
--               it had in the season before
-- Returns tables by user id, without an entry where there is nothing: the member on the board, the
-- score, the profile, and of hidden users tie key + score on the board, '' without a score. A hidden
-- user has no member.
local function read_users(keys, rules, ids, any_hidden, later)
  local call, board, users, hidden = redis.call, keys[1], keys[2], keys[7]
  local members, scores, profiles, hidden_rows = {}, {}, {}, {}
  local entries, missing = call('HMGET', users, unpack(ids)), {}
  for i, user in ipairs(entries) do
    local id = ids[i]
    local member = user and user:sub(1, 14) .. id
    local score = member and not members[id] and call('ZSCORE', board, member)
    if score then
      members[id], profiles[id] = member, user:sub(15)
      scores[id] = stored_score(rules, tonumber(score))
    elseif later and not user then
      missing[#missing + 1] = id
    end
  end
  for i, user in ipairs(#missing > 0 and call('HMGET', keys[9], unpack(missing)) or {}) do
    profiles[missing[i]] = user and user:sub(15) or nil
  end
  for i, row in ipairs(any_hidden and call('HMGET', hidden, unpack(ids)) or {}) do
    local id = ids[i]
    hidden_rows[id] = row or nil
    if row and row ~= '' then
      scores[id] = stored_score(rules, tonumber(row:sub(15)))
      profiles[id] = (entries[i] or ''):sub(15)
    end
  end
  return members, scores, profiles, hidden_rows
end
