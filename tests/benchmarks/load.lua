-- For wrk: sends the requests of a file by turns, and tells as one line of JSON what came back.
-- The file has one request after another, each with a line before it that says how many bytes it has.

local threads = {}

function setup(thread)
  table.insert(threads, thread)
end

function init(args)
  requests, at, counts, bare = {}, 0, {}, 0
  local file = assert(io.open(args[1], "rb"))
  for length in function() return file:read("*n") end do
    file:read(1)
    table.insert(requests, file:read(length))
  end
  file:close()
end

function request()
  at = at % #requests + 1
  return requests[at]
end

function response(status, headers)
  counts[tostring(status)] = (counts[tostring(status)] or 0) + 1
  if (status == 503 or status == 429) and not (headers["Retry-After"] or headers["retry-after"]) then
    bare = bare + 1
  end
end

function done(summary, latency)
  local total, bare, statuses = {}, 0, {}
  for _, thread in ipairs(threads) do
    bare = bare + thread:get("bare")
    for status, count in pairs(thread:get("counts")) do
      total[status] = (total[status] or 0) + count
    end
  end
  for status, count in pairs(total) do
    table.insert(statuses, string.format('"%s":%d', status, count))
  end
  local lost = summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout
  io.write(string.format(
    '\nRESULT {"seconds":%f,"answered":%d,"lost":%d,"without_retry_after":%d,"p50_s":%f,"p99_s":%f,"statuses":{%s}}\n',
    summary.duration / 1e6, summary.requests, lost, bare,
    latency:percentile(50) / 1e6, latency:percentile(99) / 1e6, table.concat(statuses, ",")))
end
