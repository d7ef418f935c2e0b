using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;

namespace StreamEngine.Host.Tests.Overload;

/// <summary>
/// A folder on a small disk that the test can fill and stop. Where a tmpfs may be mounted it is really full; elsewhere, and for a disk that
/// stops, <c>broken-disk.c</c> stands between the process and the disk.
/// </summary>
internal sealed partial class BrokenDisk : IAsyncDisposable
{
    private const int Megabyte = 1 << 20;

    private readonly string state;
    private readonly string library;

    private BrokenDisk(string path, bool isMounted, string state, string library)
    {
        Path = path;
        IsMounted = isMounted;
        this.state = state;
        this.library = library;
    }

    public string Path { get; }

    /// <summary>Whether it is a real disk of its own, and really gets full.</summary>
    public bool IsMounted { get; }

    /// <summary>What the process that writes there has to be started with.</summary>
    public IReadOnlyDictionary<string, string?> Environment => new Dictionary<string, string?>
    {
        ["LD_PRELOAD"] = library,
        ["BROKEN_DISK"] = Path + "/",
        ["BROKEN_DISK_STATE"] = state,
    };

    private string Ballast => System.IO.Path.Combine(Path, "ballast");

    /// <param name="folder">Where it is.</param>
    /// <param name="megabytes">How small it is; null for as large as the disk that the folder is on.</param>
    public static async Task<BrokenDisk> MakeAsync(Folder folder, int? megabytes)
    {
        var library = folder.File("broken-disk.so");
        var (code, words) = await RunAsync("cc", "-shared", "-fPIC", "-O2", "-o", library, System.IO.Path.Combine(AppContext.BaseDirectory, "Overload", "broken-disk.c"), "-ldl");
        Assert.True(code == 0, $"a C compiler is needed for the disk that stops: apt-get install gcc libc6-dev. {words}");
        var path = folder.File("disk");
        Directory.CreateDirectory(path);
        var isMounted = megabytes is not null && (await RunAsync("mount", "-t", "tmpfs", "-o", $"size={megabytes}m", "tmpfs", path)).Code == 0;
        return new BrokenDisk(path, isMounted, folder.File("disk-state"), library);
    }

    /// <summary>Nothing more fits.</summary>
    public void Fill()
    {
        if (!IsMounted)
        {
            File.WriteAllText(state + ".full", "");
            return;
        }

        using var ballast = new FileStream(Ballast, FileMode.Append, FileAccess.Write, FileShare.None, bufferSize: 0);
        for (var piece = Megabyte; piece > 0; piece /= 2)
        {
            try
            {
                ballast.Write(new byte[piece]);
                piece *= 2;
            }
            catch (IOException)
            {
                // Not so much; perhaps half of it.
            }
        }
    }

    /// <summary>Somebody has tidied up, or bought a larger disk.</summary>
    public async Task MakeRoomAsync(int megabytes)
    {
        File.Delete(state + ".full");
        File.Delete(Ballast);
        if (IsMounted)
        {
            var (code, words) = await RunAsync("mount", "-o", string.Create(CultureInfo.InvariantCulture, $"remount,size={megabytes}m"), Path);
            Assert.True(code == 0, words);
        }
    }

    /// <summary>Whatever is asked of it does not come back.</summary>
    public void Stop() => File.WriteAllText(state + ".stopped", "");

    /// <summary>It answers again.</summary>
    public void Go() => File.Delete(state + ".stopped");

    public async ValueTask DisposeAsync()
    {
        Go();
        if (IsMounted)
        {
            await RunAsync("umount", "--lazy", Path);
        }
    }

    private static async Task<(int Code, string Words)> RunAsync(string program, params string[] arguments)
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true, RedirectStandardOutput = true })!;
            var words = await process.StandardError.ReadToEndAsync(CancellationToken.None);
            await process.WaitForExitAsync(CancellationToken.None);
            return (process.ExitCode, words);
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            return (-1, e.Message);
        }
    }
}
