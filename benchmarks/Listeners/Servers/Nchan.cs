using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace StreamEngine.Benchmarks;

/// <summary>nginx with its module Nchan, where it is installed: updates are posted over one connection. Its one worker does the work.</summary>
internal sealed class Nchan : IFanOutServer
{
    private const string Module = "ngx_nchan_module.so";

    private static readonly string[] Modules = ["/usr/lib/nginx/modules", "/usr/lib64/nginx/modules", "/usr/share/nginx/modules", "/etc/nginx/modules"];
    private static readonly string[] Programs = ["/usr/sbin/nginx", "/usr/bin/nginx", "/usr/local/sbin/nginx"];

    private readonly Process master;
    private readonly Publisher publisher;
    private readonly Socket post = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
    private readonly byte[] answers = new byte[64 << 10];

    private Nchan(string scratch)
    {
        var folder = Directory.CreateDirectory(System.IO.Path.Combine(scratch, "nchan")).FullName;
        Port = FreePort();
        var config = System.IO.Path.Combine(folder, "nchan.conf");
        File.WriteAllText(config, Config(Port));
        master = Process.Start(new ProcessStartInfo(Program!, ["-c", config, "-p", folder, "-e", System.IO.Path.Combine(folder, "error.log")]))!;
        publisher = new Publisher(Post);
        Connect();
        Id = SpinWait.SpinUntil(() => Worker(master.Id) is not null, TimeSpan.FromSeconds(5)) ? Worker(master.Id)!.Value : throw new InvalidOperationException("Nchan's worker was not found.");
    }

    /// <summary>Why it can't take part; null when it can.</summary>
    public static string? Missing => Program is null || Library is null ? "Nchan: not installed (Debian: apt-get install libnginx-mod-nchan)" : null;

    public string Name => "Nchan";

    public int Id { get; }

    public int Port { get; }

    public string Path => "/sub?id=c";

    public Dialect Dialect => Dialect.Plain;

    private static string? Program => Programs.FirstOrDefault(File.Exists);

    private static string? Library => Modules.Select(m => System.IO.Path.Combine(m, Module)).FirstOrDefault(File.Exists);

    public static IFanOutServer Start(string scratch) => new Nchan(scratch);

    public void Publish(double perSecond, int channels) => publisher.Start(perSecond, channels);

    public long Pause() => publisher.Stop();

    public void Dispose()
    {
        publisher.Stop();
        post.Dispose();
        master.Kill(entireProcessTree: true);
        master.WaitForExit();
        master.Dispose();
    }

    private static string Config(int port) => string.Create(CultureInfo.InvariantCulture, $$"""
        load_module {{Library}};
        daemon off; worker_processes 1; worker_rlimit_nofile 20000; pid nginx.pid;
        events { worker_connections 20000; }
        http {
          access_log off; nchan_shared_memory_size 128M;
          server {
            listen 127.0.0.1:{{port}}; keepalive_requests 100000000;
            location = /pub { nchan_publisher http; nchan_channel_id $arg_id; nchan_message_buffer_length 10; }
            location = /sub { nchan_subscriber websocket; nchan_channel_id $arg_id; nchan_subscriber_first_message newest; }
          }
        }
        """);

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private static int? Worker(int master)
    {
        var parent = string.Create(CultureInfo.InvariantCulture, $"PPid:\t{master}");
        foreach (var process in Directory.EnumerateDirectories("/proc").Select(System.IO.Path.GetFileName).Where(n => int.TryParse(n, out _)))
        {
            try
            {
                if (File.ReadLines($"/proc/{process}/status").Contains(parent))
                {
                    return int.Parse(process!, CultureInfo.InvariantCulture);
                }
            }
            catch (IOException)
            {
                // It has ended meanwhile.
            }
        }

        return null;
    }

    private void Connect()
    {
        for (var tries = 100; ; tries--)
        {
            try
            {
                post.Connect(IPAddress.Loopback, Port);
                return;
            }
            catch (SocketException) when (tries > 0 && !master.HasExited)
            {
                Thread.Sleep(50);
            }
        }
    }

    private void Post(ReadOnlySpan<byte> channel, ReadOnlySpan<byte> data)
    {
        while (post.Available > 0)
        {
            post.Receive(answers);
        }

        Span<byte> request = stackalloc byte[512];
        var head = Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"POST /pub?id=c HTTP/1.1\r\nHost: x\r\nContent-Length: {data.Length}\r\n\r\n"), request);
        data.CopyTo(request[head..]);
        post.Send(request[..(head + data.Length)]);
    }
}
