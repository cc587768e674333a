-- Comments, each on another deal, for wrk: -- DEALS MEMBERS START

local deals, members, n

function init(args)
    deals, members = tonumber(args[1]), tonumber(args[2])
    n = tonumber(args[3])
    wrk.method = "POST"
end

function request()
    n = n + 1
    local deal = 1 + n * 7919 % deals
    return wrk.format(nil, "/api/v1/deals/" .. deal .. "/comments",
        { ["Authorization"] = "Bearer " .. (1 + n % members)
                              .. ".MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz",
          ["Content-Type"] = "application/json" },
        '{"body":"Said **' .. n .. '** times: it is cheaper elsewhere."}')
end
