namespace StreamEngine.Sources.Http;

/// <summary>The wish that an http source makes its requests at once. It stays until the source takes it, also while that is made anew. Thread safe.</summary>
internal sealed class Urgency
{
    private volatile WeakReference<Action>? waiting;
    private int asked;

    /// <summary>Who is woken. He must keep <paramref name="wake"/> alive, and replaces the one before.</summary>
    public void Wake(Action wake) => waiting = new WeakReference<Action>(wake);

    /// <summary>Something may have been missed that the source's requests would tell.</summary>
    public void Ask()
    {
        Volatile.Write(ref asked, 1);
        if (waiting?.TryGetTarget(out var wake) == true)
        {
            wake();
        }
    }

    /// <summary>Whether it was asked for since the last time.</summary>
    public bool Take() => Interlocked.Exchange(ref asked, 0) != 0;
}
