using System.Runtime.InteropServices;

namespace StreamEngine.Benchmarks;

/// <summary>What of Linux the framework doesn't offer, or not as cheaply: many sockets on one thread, clocks of other processes.</summary>
internal static partial class Libc
{
    public const int EpollIn = 1;
    public const int EpollOut = 4;
    public const int InProgress = 115;

    private const int Again = 11;
    private const int Interrupted = 4;
    private const int Ipv4 = 2;
    private const int NonBlockingStream = 1 | 0x800 | 0x80000;
    private const int NoSignal = 0x4000;
    private const int AddControl = 1;
    private const int ModifyControl = 3;

    private static readonly bool IsPacked = RuntimeInformation.ProcessArchitecture == Architecture.X64;

    /// <summary>Size of an <c>epoll_event</c>, in bytes; on x64 it is packed.</summary>
    public static int EventSize => IsPacked ? 12 : 16;

    /// <summary>The descriptor that an event is about.</summary>
    public static int Descriptor(ReadOnlySpan<byte> events, int index) => MemoryMarshal.Read<int>(events[((index * EventSize) + (IsPacked ? 4 : 8))..]);

    /// <summary>What happened to it.</summary>
    public static uint Happened(ReadOnlySpan<byte> events, int index) => MemoryMarshal.Read<uint>(events[(index * EventSize)..]);

    /// <summary>Processor time that a process has used, in nanoseconds, its ended threads included.</summary>
    public static long CpuOf(int process) =>
        GetTime((~process << 3) | 2, out var time) == 0 ? (time.Seconds * 1_000_000_000) + time.Nanoseconds : throw new InvalidOperationException($"Process {process} has ended.");

    public static void Sleep(long nanoseconds)
    {
        var time = new Time { Seconds = (nint)(nanoseconds / 1_000_000_000), Nanoseconds = (nint)(nanoseconds % 1_000_000_000) };
        _ = Sleep(in time, 0);
    }

    public static int CreateEpoll() => CreateEpoll(0);

    public static int Wait(int epoll, Span<byte> events, int milliseconds) => Wait(epoll, ref MemoryMarshal.GetReference(events), events.Length / EventSize, milliseconds);

    public static void Watch(int epoll, int descriptor, int events, bool isNew)
    {
        Span<byte> wanted = stackalloc byte[16];
        wanted.Clear();
        MemoryMarshal.Write(wanted, events);
        MemoryMarshal.Write(wanted[(IsPacked ? 4 : 8)..], descriptor);
        if (Control(epoll, isNew ? AddControl : ModifyControl, descriptor, ref MemoryMarshal.GetReference(wanted)) < 0)
        {
            throw new InvalidOperationException($"epoll_ctl failed with error {Marshal.GetLastPInvokeError()}.");
        }
    }

    /// <summary>Begins to connect to the loopback address.</summary>
    /// <param name="port">The server's port.</param>
    /// <param name="source">Last byte of the own address 127.0.0.x: each has its own ports.</param>
    /// <param name="error">Why it can't; 0 when it has begun.</param>
    /// <returns>The socket, or a negative number.</returns>
    public static int Connect(int port, byte source, out int error)
    {
        var socket = CreateSocket(Ipv4, NonBlockingStream, 0);
        error = socket < 0 ? Marshal.GetLastPInvokeError() : 0;
        if (socket < 0)
        {
            return socket;
        }

        // IP_BIND_ADDRESS_NO_PORT: the port is chosen when the other end is known; TCP_NODELAY.
        SetOption(socket, 0, 24, 1, sizeof(int));
        SetOption(socket, 6, 1, 1, sizeof(int));
        var from = new Address { Family = Ipv4, Ip = IpOf(source) };
        var to = new Address { Family = Ipv4, Port = (ushort)(((port & 255) << 8) | (port >> 8)), Ip = IpOf(1) };
        if (Bind(socket, in from, 16) < 0 || (Connect(socket, in to, 16) < 0 && Marshal.GetLastPInvokeError() != InProgress))
        {
            error = Marshal.GetLastPInvokeError();
            _ = Close(socket);
            return -1;
        }

        return socket;
    }

    /// <summary>What became of a connection that was begun: an error, or 0.</summary>
    public static int ErrorOf(int socket)
    {
        var size = sizeof(int);
        GetOption(socket, 1, 4, out var error, ref size);
        return error;
    }

    /// <summary>Reads without waiting.</summary>
    /// <returns>The number of bytes, 0 at the end, -1 when nothing is there, another negative number for an error.</returns>
    public static int Read(int descriptor, Span<byte> to)
    {
        var read = (int)Read(descriptor, ref MemoryMarshal.GetReference(to), to.Length);
        return read >= 0 ? read : Marshal.GetLastPInvokeError() is Again or Interrupted ? -1 : -2;
    }

    /// <returns>Whether everything was taken.</returns>
    public static bool Send(int socket, ReadOnlySpan<byte> bytes) => Send(socket, in MemoryMarshal.GetReference(bytes), bytes.Length, NoSignal) == bytes.Length;

    [LibraryImport("libc", EntryPoint = "close")]
    public static partial int Close(int descriptor);

    private static uint IpOf(byte last) => 127 | ((uint)last << 24);

    [LibraryImport("libc", EntryPoint = "clock_gettime")]
    private static partial int GetTime(int clock, out Time time);

    [LibraryImport("libc", EntryPoint = "nanosleep")]
    private static partial int Sleep(in Time time, nint left);

    [LibraryImport("libc", EntryPoint = "epoll_create1")]
    private static partial int CreateEpoll(int flags);

    [LibraryImport("libc", EntryPoint = "epoll_wait")]
    private static partial int Wait(int epoll, ref byte events, int count, int milliseconds);

    [LibraryImport("libc", EntryPoint = "epoll_ctl", SetLastError = true)]
    private static partial int Control(int epoll, int operation, int descriptor, ref byte wanted);

    [LibraryImport("libc", EntryPoint = "socket", SetLastError = true)]
    private static partial int CreateSocket(int domain, int type, int protocol);

    [LibraryImport("libc", EntryPoint = "setsockopt")]
    private static partial int SetOption(int socket, int level, int name, in int value, int size);

    [LibraryImport("libc", EntryPoint = "getsockopt")]
    private static partial int GetOption(int socket, int level, int name, out int value, ref int size);

    [LibraryImport("libc", EntryPoint = "bind", SetLastError = true)]
    private static partial int Bind(int socket, in Address address, int size);

    [LibraryImport("libc", EntryPoint = "connect", SetLastError = true)]
    private static partial int Connect(int socket, in Address address, int size);

    [LibraryImport("libc", EntryPoint = "read", SetLastError = true)]
    private static partial nint Read(int descriptor, ref byte to, nint size);

    [LibraryImport("libc", EntryPoint = "send")]
    private static partial nint Send(int socket, in byte bytes, nint size, int flags);

    private struct Time
    {
        public nint Seconds;
        public nint Nanoseconds;
    }

    /// <summary><c>sockaddr_in</c>.</summary>
    private struct Address
    {
        public ushort Family;
        public ushort Port;
        public uint Ip;
        private readonly ulong zero;
    }
}
