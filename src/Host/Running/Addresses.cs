using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;

namespace StreamEngine.Host.Running;

/// <summary>Where the server listens, and clear words when it can't.</summary>
internal static class Addresses
{
    private const int FirstFreePort = 1024;
    private const int LastPort = 65535;
    private const string Example = "http://127.0.0.1:8765";

    /// <summary>The addresses by precedence: the command line, the environment, the config.</summary>
    public static IReadOnlyList<string> Choose(string? commandLine, string? environment, string config) =>
        new[] { commandLine, environment, config }
            .First(urls => !string.IsNullOrWhiteSpace(urls))!
            .Split(';', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);

    /// <summary>What is wrong with an address, or null.</summary>
    public static string? Fault(string url)
    {
        BindingAddress address;
        try
        {
            address = BindingAddress.Parse(url);
        }
        catch (Exception e) when (e is FormatException or ArgumentException)
        {
            return Expected(url);
        }

        return address switch
        {
            { Scheme: "https" } => $"'{url}' is not plain http; end TLS in a reverse proxy and listen on {Example}",
            { Scheme: not "http" } or { Port: < 0 or > LastPort } => Expected(url),
            { Host: var host } when !IsPlace(host) => $"'{url}' names neither an IP address of this machine nor localhost; write it like {Example}, or http://*:{address.Port} for every interface",
            { PathBase.Length: > 0 } => $"'{url}' has a path; an address to listen on has none: http://{address.Host}:{address.Port}",
            { Port: 0, Host: "localhost" } => $"'{url}': a free port can be taken on an IP address only; write http://127.0.0.1:0",
            _ => null,
        };
    }

    /// <summary>Why the server could not start, and what to do; null when it is not about an address.</summary>
    /// <param name="exception">What happened.</param>
    /// <param name="urls">Where it should listen.</param>
    /// <param name="option">How another address is given on the command line.</param>
    public static string? Explain(Exception exception, IReadOnlyList<string> urls, string option = "--urls ")
    {
        for (var e = exception; e is not null; e = e.InnerException)
        {
            switch (e)
            {
                case AddressInUseException or SocketException { SocketErrorCode: SocketError.AddressAlreadyInUse }:
                    var taken = urls.FirstOrDefault(u => exception.Message.Contains(Authority(u), StringComparison.OrdinalIgnoreCase)) ?? urls[0];
                    return $"{taken} is in use by another process; stop it, or choose another port with {option}{NextPort(taken)}";
                case SocketException { SocketErrorCode: SocketError.AccessDenied }:
                    return $"{string.Join(" or ", urls)} may not be opened by this user; choose a port from {FirstFreePort} with {option}{NextPort(urls[0])}";
                case SocketException { SocketErrorCode: SocketError.AddressNotAvailable }:
                    return $"{string.Join(" or ", urls)} is no address of this machine; listen on {Example} or http://0.0.0.0:8765 with {option.TrimEnd()}";
            }
        }

        return null;
    }

    /// <summary>The server would take any other name, and a port with a typo in it, for "every interface".</summary>
    private static bool IsPlace(string host) => host is "*" or "+" or "localhost" || (IPAddress.TryParse(host, out _) && (host[0] == '[' || !host.Contains(':')));

    private static string Expected(string url) => $"'{url}' is not an address to listen on; write it like {Example}";

    private static string Authority(string url) => BindingAddress.Parse(url) is var a ? $"{a.Host}:{a.Port}" : url;

    private static string NextPort(string url)
    {
        var address = BindingAddress.Parse(url);
        var next = address.Port is >= FirstFreePort and < LastPort ? address.Port + 1 : 8765;
        return $"{address.Scheme}://{address.Host}:{next}";
    }
}
