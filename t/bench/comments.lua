-- Comments, each on another deal, for wrk: -- FIRST DEALS MEMBERS START

local first, deals, members, n

function init(args)
    first, deals = tonumber(args[1]), tonumber(args[2])
    members, n = tonumber(args[3]), tonumber(args[4])
    wrk.method = "POST"
end

function request()
    n = n + 1
    local deal = first + n * 7919 % deals
    return wrk.format(nil, "/api/v1/deals/" .. deal .. "/comments",
        { ["Authorization"] = "Bearer " .. (1 + n % members)
                              .. ".MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz",
          ["Content-Type"] = "application/json" },
        '{"body":"Said **' .. n .. '** times: it is cheaper elsewhere."}')
end
