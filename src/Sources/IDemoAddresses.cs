namespace StreamEngine.Sources;

/// <summary>Where the built-in demo providers listen: a provider's <c>demo:NAME</c> becomes such an address.</summary>
public interface IDemoAddresses
{
    /// <summary>Base address of a demo provider, such as <c>http://127.0.0.1:40123/statline/</c>; null for an unknown name.</summary>
    Uri? Find(string name);
}
