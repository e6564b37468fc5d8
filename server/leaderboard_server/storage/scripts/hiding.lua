-- The part of scripts that take rows off the board and put them back. Appended to rules.lua, moves.lua
-- and requests.lua.
--
-- The hidden users of a contest are a HASH: user id → tie key + score on the board as text, '' for a
-- user without a score. The field `hidden` of meta is set if there are any. The entry of a hidden
-- user among the users stays.
--
-- A key that becomes empty is gone, and in a cluster's slot that is being moved the next command on
-- it fails. So what a script needs of a key it reads before it takes the last entry out of it.

-- Takes the row of a user off the board.
--   rules  the rules
--   keys   the keys of the script
--   id     the user
--   user   its entry among the users, false if it has none
-- Returns the change as JSON and the score on the board as text; nil if there is no such row.
local function leave_board(rules, keys, id, user)
  local board, distinct = keys[1], keys[5]
  local member = user and user:sub(1, 14) .. id
  local score = member and redis.call('ZSCORE', board, member)
  if not score then
    return nil
  end
  local stored = whole(tonumber(score))
  local place = redis.call('ZREVRANK', board, member) + 1
  local rank = rules.rank_style and shared_rank(rules, board, distinct, stored) or place
  redis.call('ZREM', board, member)
  if rules.rank_style == 'dense' then
    count_score(distinct, keys[6], stored)
  end
  local shown = whole(stored_score(rules, tonumber(score)))
  return '["' .. id .. '",0,0,' .. shown .. ',' .. rank .. ',"","","",0,' .. place .. ']', stored
end

-- Begins a script of moderation: reads the contest, and begins an epoch if its history was lost.
--   keys    the keys of the script
--   rights  commands that it needs beside those of hiding users
-- Returns what the script returns if it ends here, else nil; then the epoch ('' if there is no
-- contest), the revision, the rules, and whether there are hidden users.
local function begin_moderation(keys, rights)
  local board, users, meta, log, distinct, counts, hidden = unpack(keys)
  local epoch, revision, state, rules_text, fields =
    read_position(meta, ARGV[1], ARGV[2], 'hidden', 'servers')
  if recover_first(state) then
    return {false}
  elseif epoch == '' then
    return nil, '', 0
  end
  for _, right in ipairs({
    {'HSET', meta, 'epoch', ''}, {'HDEL', users, ''}, {'ZCARD', board}, {'ZREM', board, ''},
    {'XADD', log, '*', 'commit', ''}, {'ZREM', distinct, ''}, {'HDEL', counts, ''},
    {'HSET', hidden, '', ''}, {'HDEL', hidden, ''}, {'HLEN', hidden}, {'HSET', keys[10], '', ''},
    {'ZREVRANK', board, ''}, {'ZCOUNT', board, 0, 0}, {'HINCRBY', counts, '', 1},
  }) do
    rights[#rights + 1] = right
  end
  local refused = newer_schema(fields[4]) or missing_right(rights)
  if refused then
    return {refused}
  end
  if state == 'lost' then
    epoch, revision = begin_and_publish(keys, ARGV[3], ARGV[4], epoch, revision)
  end
  return nil, epoch, revision, decode_rules(rules_text), fields[7], fields[8] or ''
end

-- Notes in meta whether there are hidden users.
--   before  whether there were any
--   any     whether there are any now
local function note_hidden(keys, before, any)
  if any and not before then
    redis.call('HSET', keys[3], 'hidden', 1, 'schema', SCHEMA)
  elseif before and not any then
    redis.call('HDEL', keys[3], 'hidden')
  end
end

-- Numbers, logs and publishes changes of rows.
--   previous  the revision before the first one
--   total     the number of users after them
--   changes   each as JSON
-- Returns the reply of a script of moderation.
local function commit_rows(keys, epoch, previous, total, changes, count)
  local payload = ''
  local revision = previous + #changes
  if #changes > 0 then
    redis.call('HSET', keys[3], 'revision', whole(revision))
    payload = payload_head(epoch, previous, revision, total) .. ',' .. table.concat(changes, ',')
      .. ']'
    append_to_log(keys[4], previous, revision, payload, tonumber(ARGV[5]))
    redis.pcall('PUBLISH', ARGV[3], payload)
  end
  return {epoch, whole(revision), whole(count), payload}
end
