-- Members one after the other, for wrk: -- FILE (a cookie each line)

local requests, n = {}, 0

function init(args)
    for cookie in io.lines(args[1]) do
        requests[#requests + 1] = wrk.format(nil, nil, { Cookie = cookie })
    end
end

function request()
    n = n % #requests + 1
    return requests[n]
end
