using System.Text;
using StreamEngine.Pipeline.Disks;
using StreamEngine.Tests;

namespace StreamEngine.Pipeline.Tests.Disks;

public sealed class AppendFileTests : IDisposable
{
    private readonly TempFolder folder = new();
    private readonly FaultyDisk disk = new();

    private string Path => folder.File("a");

    public void Dispose() => folder.Dispose();

    [Fact]
    public void After_a_failed_sync_the_bytes_are_written_again_before_the_next_is_believed()
    {
        using var file = AppendFile.Create(disk, Path);
        Append(file, "safe ");
        file.Sync();
        Append(file, "one ");
        disk.Fail(DiskCall.Sync, times: 2);
        Assert.Throws<IOException>(file.Sync);
        Append(file, "two ");
        Assert.Throws<IOException>(file.Sync);
        Assert.Equal("safe ", Durable());
        Append(file, "three");
        file.Sync();
        Assert.Equal("safe one two three", Durable());
    }

    [Fact]
    public void Bytes_that_are_neither_on_the_disk_nor_in_its_memory_are_never_called_safe()
    {
        using var file = AppendFile.Create(disk, Path);
        Append(file, "safe ");
        file.Sync();
        Append(file, "gone");
        disk.Fail(DiskCall.Sync, times: 1);
        Assert.Throws<IOException>(file.Sync);
        disk.Evict(Path);
        for (var i = 0; i < 2; i++)
        {
            var fault = Assert.Throws<IOException>(file.Sync);
            Assert.Equal($"the disk lost bytes 5 to 9 of {Path}, and they can't be read back; stop this run, see to the disk and start again: with checkpoints they are written again", fault.Message);
        }

        file.Dispose();
        var (again, cut) = AppendFile.Continue(disk, Path, 5);
        using (again)
        {
            Assert.Equal(4, cut);
            Append(again, "back");
            again.Sync();
            Assert.Equal("safe back", Durable());
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void What_a_failed_append_left_is_cut_off(bool full)
    {
        using var file = AppendFile.Create(disk, Path);
        Append(file, "one ");
        if (full)
        {
            disk.Fill(2);
        }
        else
        {
            disk.Fail(DiskCall.Write);
        }

        for (var i = 0; i < 3; i++)
        {
            Assert.Throws<IOException>(() => Append(file, "torn"));
            Assert.Equal("one to", File.ReadAllText(Path));
            Assert.Equal((4, true), (file.Length, file.IsTorn));
        }

        disk.Heal();
        file.Sync();
        Assert.Equal("one ", File.ReadAllText(Path));
        Append(file, "two");
        file.Sync();
        Assert.Equal("one two", Durable());
    }

    [Fact]
    public void Nothing_new_asks_nothing_of_the_disk()
    {
        using var file = AppendFile.OpenEnd(disk, Path, FileShare.ReadWrite);
        file.Sync();
        Append(file, "one");
        file.Sync();
        file.Sync();
        Assert.Equal(["write", "sync"], disk.Calls);
    }

    private static void Append(AppendFile file, string text) => file.Append(Encoding.UTF8.GetBytes(text));

    private string Durable() => Encoding.UTF8.GetString(disk.Durable(Path));
}
