using System.Globalization;
using System.IO.Compression;
using System.Text.Json;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http;

namespace StreamEngine.Sources.Simulator;

/// <summary>Faults that need no right answer, as they go over the wire. Whatever their size, a few KB of it are in memory.</summary>
internal static class SimFaults
{
    private const string ContentType = "application/json; charset=utf-8";
    private const string Page = "<!doctype html>\n<html><head><title>Sorry</title></head><body><h1>We'll be back soon</h1></body></html>\n";
    private const int ChunkBytes = 64 << 10;
    private const long BombBytes = 1L << 30;

    private static readonly byte[] Spaces = Filled(" "u8);
    private static readonly byte[] Zeros = Filled("0,"u8);

    /// <summary>Sends a fault.</summary>
    /// <param name="context">The request.</param>
    /// <param name="fault">The fault.</param>
    /// <param name="at">The provider's time.</param>
    /// <param name="token">Ends it.</param>
    /// <returns>False for a fault that is made of the right answer.</returns>
    public static async Task<bool> SendAsync(HttpContext context, SimFaultOptions fault, DateTimeOffset at, CancellationToken token)
    {
        var response = context.Response;
        switch (fault.Kind)
        {
            case SimFaultKind.TooManyRequests:
                var wait = fault.RetryAfter?.Value;
                await RefuseAsync(response, wait is null ? null : fault.RetryAfterAs == SimFaultOptions.AsDate ? Date(at + wait.Value) : Seconds(wait.Value), token).ConfigureAwait(false);
                return true;
            case SimFaultKind.Status:
                await JsonAsync(response, fault.Status ?? 500, fault, """{"error":{"code":"internal","message":"something went wrong"}}""", token).ConfigureAwait(false);
                return true;
            case SimFaultKind.Error:
                await JsonAsync(response, 200, fault, """{"error":{"code":"internal","message":"something went wrong"}}""", token).ConfigureAwait(false);
                return true;
            case SimFaultKind.Throttled:
                var seconds = Seconds(fault.RetryAfter?.Value ?? TimeSpan.FromSeconds(3));
                await JsonAsync(response, 200, fault, $$$"""{"error":{"code":"rate_limited"},"retry_after":{{{seconds}}}}""", token).ConfigureAwait(false);
                return true;
            case SimFaultKind.Hang:
                await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, token).ConfigureAwait(false);
                return true;
            case SimFaultKind.Html:
                response.ContentType = "text/html; charset=utf-8";
                await response.WriteAsync(Page, token).ConfigureAwait(false);
                return true;
            case SimFaultKind.RedirectLoop:
                response.Redirect(context.Request.Path + context.Request.QueryString);
                return true;
            case SimFaultKind.Reset:
                // A socket that lingers for no time at all is closed with RST.
                context.Features.Get<IConnectionSocketFeature>()!.Socket.LingerState = new(enable: true, seconds: 0);
                context.Abort();
                return true;
            case SimFaultKind.GzipBomb:
                await BombAsync(response, fault.Size?.Bytes ?? BombBytes, token).ConfigureAwait(false);
                return true;
            case SimFaultKind.Endless:
                response.ContentType = ContentType;
                await response.Body.WriteAsync("["u8.ToArray(), token).ConfigureAwait(false);
                while (true)
                {
                    await response.Body.WriteAsync(Zeros, token).ConfigureAwait(false);
                }

            default:
                return false;
        }
    }

    /// <summary>Sends the right answer, or what a fault leaves of it.</summary>
    public static async Task SendBodyAsync(HttpResponse response, ReadOnlyMemory<byte> body, SimFaultOptions? fault, TimeProvider time, CancellationToken token)
    {
        response.ContentType = ContentType;
        if (fault?.Kind == SimFaultKind.CutJson)
        {
            body = body[..(body.Length * 2 / 3)];
        }

        response.ContentLength = body.Length;
        switch (fault?.Kind)
        {
            case SimFaultKind.CutConnection:
                // With less than was announced the server closes the connection behind it.
                await response.Body.WriteAsync(body[..((body.Length + 1) / 2)], token).ConfigureAwait(false);
                break;
            case SimFaultKind.SlowBody:
                for (var i = 0; i < body.Length; i++)
                {
                    await response.Body.WriteAsync(body.Slice(i, 1), token).ConfigureAwait(false);
                    await response.Body.FlushAsync(token).ConfigureAwait(false);
                    await Task.Delay(fault.Pause?.Value ?? TimeSpan.FromSeconds(1), time, token).ConfigureAwait(false);
                }

                break;
            default:
                await response.Body.WriteAsync(body, token).ConfigureAwait(false);
                break;
        }
    }

    public static Task RefuseAsync(HttpResponse response, string? retryAfter, CancellationToken token)
    {
        response.StatusCode = StatusCodes.Status429TooManyRequests;
        response.Headers.RetryAfter = retryAfter;
        response.ContentType = ContentType;
        return response.WriteAsync("""{"error":{"code":"rate_limited"}}""", token);
    }

    /// <summary>Whole seconds, never too few.</summary>
    public static string Seconds(TimeSpan wait) => Math.Max(0, (long)Math.Ceiling(wait.TotalSeconds)).ToString(CultureInfo.InvariantCulture);

    /// <summary>An HTTP date, never too early.</summary>
    public static string Date(DateTimeOffset at) => at.AddTicks(TimeSpan.TicksPerSecond - 1).ToString("R", CultureInfo.InvariantCulture);

    private static async Task JsonAsync(HttpResponse response, int status, SimFaultOptions fault, string otherwise, CancellationToken token)
    {
        response.StatusCode = status;
        response.ContentType = ContentType;
        await response.WriteAsync(fault.Json.ValueKind == JsonValueKind.Undefined ? otherwise : fault.Json.GetRawText(), token).ConfigureAwait(false);
    }

    private static async Task BombAsync(HttpResponse response, long bytes, CancellationToken token)
    {
        response.ContentType = ContentType;
        response.Headers.ContentEncoding = "gzip";
        var gzip = new GZipStream(response.Body, CompressionLevel.Fastest, leaveOpen: true);
        await using (gzip.ConfigureAwait(false))
        {
            await gzip.WriteAsync("["u8.ToArray(), token).ConfigureAwait(false);
            for (var left = bytes - 2; left > 0; left -= ChunkBytes)
            {
                await gzip.WriteAsync(Spaces.AsMemory(0, (int)Math.Min(left, ChunkBytes)), token).ConfigureAwait(false);
            }

            await gzip.WriteAsync("]"u8.ToArray(), token).ConfigureAwait(false);
        }
    }

    private static byte[] Filled(ReadOnlySpan<byte> with)
    {
        var bytes = new byte[ChunkBytes];
        for (var i = 0; i < bytes.Length; i += with.Length)
        {
            with.CopyTo(bytes.AsSpan(i));
        }

        return bytes;
    }
}
