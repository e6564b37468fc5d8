-- Part of every script: where a contest is, and the beginning of a new epoch when its history was
-- lost. A server tells with each call the latest position it has seen; a store that is behind it
-- was emptied, restored or failed over, so what comes next is another history.

-- Writes a whole number in full; Lua's own conversion, which is faster, keeps 14 digits only.
local function whole(number)
  if number < 1e14 and number > -1e14 then
    return number .. ''
  end
  return string.format('%.0f', number)
end

-- Reads the position without writing.
--   meta_key       HASH  epoch and revision of the contest
--   seen_epoch     the epoch of the latest position this server has seen; '' for none
--   seen_revision  its revision
-- Returns the epoch ('' when there is no history), the revision (a number), and whether the history
-- is lost.
local function read_position(meta_key, seen_epoch, seen_revision)
  local meta = redis.call('HMGET', meta_key, 'epoch', 'revision')
  local epoch, revision = meta[1] or '', tonumber(meta[2] or 0)
  local lost = seen_epoch ~= ''
    and (epoch == '' or (epoch == seen_epoch and revision < tonumber(seen_revision)))
  return epoch, revision, lost
end

-- Begins a new epoch at the revision the store holds. What is left of a log without a position
-- belongs to the lost history, and its ids would clash with the new revisions.
local function begin_epoch(meta_key, log_key, old_epoch, new_epoch, revision)
  if old_epoch == '' then
    redis.call('DEL', log_key)
  end
  redis.call('HSET', meta_key, 'epoch', new_epoch, 'revision', whole(revision))
end

-- Reads the position for a reading script; a lost history ends here and is told to all.
local function position_of(board_key, meta_key, log_key, channel, seen_epoch, seen_revision, new_epoch)
  local epoch, revision, lost = read_position(meta_key, seen_epoch, seen_revision)
  if not lost then
    return epoch, revision
  end
  begin_epoch(meta_key, log_key, epoch, new_epoch, revision)
  local at = whole(revision)
  local total = whole(redis.call('ZCARD', board_key))
  redis.pcall('PUBLISH', channel, '["' .. new_epoch .. '",' .. at .. ',' .. at .. ',' .. total .. ']')
  return new_epoch, revision
end
